import { createHash } from 'node:crypto'

/** The style of every page: no script, no font, no image from elsewhere. */
export const STYLE = `
:root{
  --ink:#1b1f24;--soft:#57606a;--line:#d8dee4;--paper:#fff;--tint:#f6f8fa;--good:#116b3f;--bad:#b3261e;
  --warn:#7d4e00;--idle:#0b57c4;--full:#2c8f5b;--most:#8cc6a4;--some:#d29922;--none:#cf222e;
  color-scheme:light;
}
@media (prefers-color-scheme:dark){
  :root{
    --ink:#e6e9ed;--soft:#a3adb8;--line:#30363d;--paper:#14171b;--tint:#1c2127;--good:#4cc38a;--bad:#ff8a80;
    --warn:#e3b341;--idle:#79b8ff;--full:#3fa873;--most:#2a6b4a;--some:#bb8009;--none:#f85149;
    color-scheme:dark;
  }
}
*{box-sizing:border-box}
body{
  margin:0;background:var(--paper);color:var(--ink);
  font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
}
main{max-width:1240px;margin:0 auto;padding:0 24px 64px}
h1{font-size:20px;margin:0;letter-spacing:-.01em}
h2{font-size:18px;margin:28px 0 8px}
h3{font-size:15px;margin:20px 0 6px}
h4{font-size:13px;margin:8px 0 2px}
p{margin:6px 0}
a{color:var(--idle)}
code,.mono{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
small{color:var(--soft);font-size:12px}
.soft{color:var(--soft)}
.good{color:var(--good)}
.bad{color:var(--bad)}
.warn{color:var(--warn)}
.idle{color:var(--idle)}
header{display:flex;flex-wrap:wrap;gap:0 16px;align-items:baseline;margin:8px 0 0}
header p{font-size:13px;margin:2px 0}

.ribbon{margin:0;padding:4px 24px;text-align:center;letter-spacing:.04em;font-size:13px}
.ribbon.rehearsal{
  color:#fff;background:repeating-linear-gradient(135deg,#7d4e00 0 14px,#694200 14px 28px);
}
.ribbon.local{color:#fff;background:#0b4a9e}
.ribbon.live{color:#fff;background:#0f5f38}
.ribbon.unknown{color:var(--ink);background:var(--tint)}
.mode{font-weight:600;letter-spacing:.04em;padding:1px 8px;border-radius:4px;font-size:13px;color:#fff}
.mode.rehearsal{background:#7d4e00}
.mode.local{background:#0b4a9e}
.mode.live{background:#0f5f38}
.mode.unknown{background:#57606a}

.verdict{
  border:1px solid var(--line);border-left:6px solid var(--bad);border-radius:6px;padding:6px 14px;
  margin:8px 0 10px;background:var(--tint);font-size:14px;
}
.verdict.running{border-left-color:var(--warn)}
.verdict.passed{border-left-color:var(--good)}
.verdict strong{font-size:20px;letter-spacing:.03em;margin-right:8px}
.verdict p{margin:2px 0}
.answers{display:grid;grid-template-columns:repeat(12,1fr);gap:10px}
.card{border:1px solid var(--line);border-radius:6px;padding:8px 12px;font-size:13px;min-width:0}
.card h2{font-size:14px;margin:0 0 4px}
.card h3{font-size:13px;margin:6px 0 2px}
.card p{margin:2px 0}
.card ol{margin:0;padding:0;list-style-position:inside}
dl.answer.pairs{display:grid;grid-template-columns:1fr 1fr;gap:0 16px}
.card li{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.verdict details{display:inline-block;margin:0;vertical-align:top}
.card figure{margin:2px 0}
.card.dataset{grid-column:span 4}
.card.trust{grid-column:span 8}
.card.doubt,.card.restore,.card.changes{grid-column:span 4}
dl.answer{display:block;margin:0}
dl.answer div{
  display:flex;justify-content:space-between;gap:12px;padding:1px 0;border-bottom:1px solid var(--line);
}
dl.answer dd{text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
dl.answer dt{flex:none;margin:0;max-width:60%}
.card table{font-size:12.5px}
.card td,.card th{padding:1px 6px 1px 0}

nav{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px;margin:14px 0 0}
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:5px 10px 5px 0;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft);font-size:12.5px}
td.num,th.num{text-align:right;padding-left:10px;white-space:nowrap}
td.num:last-child,th.num:last-child{padding-right:0}
td.day{white-space:nowrap}
tr:target{background:var(--tint);outline:2px solid var(--idle)}
table.boxes{table-layout:fixed}
th.mark{width:44px}
th.entry{width:120px}
th.took{width:92px}
td.mark{font:600 13px/1.6 ui-monospace,Menlo,Consolas,monospace;white-space:nowrap}

details{margin:4px 0}
summary{cursor:pointer;color:var(--soft);font-size:12.5px}
details.part>summary h2{display:inline;color:var(--ink);font-size:16px}
details.part{border-top:1px solid var(--line);padding-top:8px}
details.phase{border:1px solid var(--line);border-radius:6px;padding:0 12px;margin:6px 0}
details.phase>summary{
  display:grid;grid-template-columns:minmax(200px,290px) 92px 1fr 78px 86px;gap:8px;padding:6px 0;
  font-size:13.5px;align-items:baseline;list-style-position:inside;
}
details.phase>summary b{color:var(--ink)}
summary .num{text-align:right;font-variant-numeric:tabular-nums}
details.hash{
  display:inline-block;margin:0;vertical-align:top;max-width:100%;text-align:left;white-space:normal;
}
details.hash summary{list-style:none;text-decoration:underline dotted}
.glance{letter-spacing:1px;overflow-wrap:anywhere}
.wide{overflow-x:auto}
:focus-visible{outline:2px solid var(--idle);outline-offset:2px}
ul.reasons{margin:4px 0 0;padding-left:20px}
ul.reasons li{margin:2px 0;overflow-wrap:anywhere}

dl{display:flex;flex-wrap:wrap;gap:1px 18px;margin:3px 0 0;font-size:12.5px}
dl div{max-width:100%;overflow-wrap:anywhere}
dt,dd{display:inline;margin:0}
dt{color:var(--soft);margin-right:6px}
dl.facts{
  display:grid;grid-template-columns:repeat(auto-fill,minmax(min(430px,100%),1fr));gap:0 28px;font-size:13px;
}
dl.facts div{display:flex;gap:6px;border-bottom:1px solid var(--line);padding:4px 0}
dl.facts dt{width:140px;flex:none;white-space:normal}
dl.facts dd{min-width:0}
pre{
  white-space:pre-wrap;overflow-wrap:anywhere;background:var(--tint);border:1px solid var(--line);
  border-radius:6px;padding:8px 12px;font:12.5px/1.5 ui-monospace,Menlo,Consolas,monospace;margin:6px 0;
}

figure{margin:6px 0}
figcaption{font-size:12px;color:var(--soft)}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}
.key{margin-right:14px;white-space:nowrap}
.key::before{content:"";display:inline-block;width:10px;height:10px;margin-right:5px;background:var(--soft)}
.key.full::before{background:var(--full)}
.key.some::before{background:var(--some)}
.key.none::before{background:var(--none)}
.key.listed::before{height:2px;vertical-align:middle}
.small-charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(440px,100%),1fr));gap:4px 24px}

@media (max-width:1000px){
  .card.dataset,.card.trust,.card.doubt,.card.restore,.card.changes{grid-column:span 12}
  details.phase>summary{grid-template-columns:1fr auto 70px 92px}
  details.phase>summary .glance{grid-column:1/-1;grid-row:2}
}
@media (max-width:640px){
  main{padding:0 14px 48px}
  .entry{display:none}
  th.took{width:70px}
  figure svg{min-width:560px}
  .small-charts svg{min-width:0}
  dl.facts dt{width:104px}
  details.phase>summary{grid-template-columns:1fr auto 70px}
  details.phase>summary .num.soft{display:none}
}
@media print{
  @page{margin:12mm}
  body{font-size:11px}
  main{max-width:none;padding:0}
  .ribbon{print-color-adjust:exact;-webkit-print-color-adjust:exact}
  nav{display:none}
  h2,h3{break-after:avoid}
  tr,.card,figure{break-inside:avoid}
  details.phase::details-content{content-visibility:visible;block-size:auto}
  .evidence{display:none}
  th,td{padding-top:2px;padding-bottom:2px}
}
`

const HASH = createHash('sha256').update(STYLE).digest('base64')

/** What the page may load: nothing but this style. */
export const POLICY = `default-src 'none'; style-src 'sha256-${HASH}'; base-uri 'none'; form-action 'none'`
