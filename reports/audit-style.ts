import { createHash } from 'node:crypto'

/** The audit page's whole style: no script, no font, no image from elsewhere. */
export const STYLE = `
:root{
  --ink:#1b1f24;--soft:#5b6470;--line:#dfe3e8;--paper:#fff;--tint:#f5f7f9;--good:#1a7f4b;--bad:#b3261e;
  --warn:#9a6700;--idle:#1f6feb;color-scheme:light;
}
@media (prefers-color-scheme:dark){
  :root{
    --ink:#e6e9ed;--soft:#9aa4b0;--line:#30363d;--paper:#14171b;--tint:#1c2127;--good:#4cc38a;--bad:#ff8a80;
    --warn:#e3b341;--idle:#79b8ff;color-scheme:dark;
  }
}
*{box-sizing:border-box}
body{
  margin:0;background:var(--paper);color:var(--ink);
  font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
}
main{max-width:1080px;margin:0 auto;padding:24px 28px 64px}
h1{font-size:26px;margin:0 0 4px;letter-spacing:-.01em}
h2{font-size:18px;margin:44px 0 10px;padding-top:14px;border-top:1px solid var(--line)}
h3{font-size:15px;margin:22px 0 6px}
p{margin:6px 0}
a{color:inherit}
code,.mono{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.soft{color:var(--soft)}
.good{color:var(--good)}
.bad{color:var(--bad)}
.warn{color:var(--warn)}
.idle{color:var(--idle)}
.ribbon{background:#9a6700;color:#fff;text-align:center;font-weight:600;letter-spacing:.12em;padding:7px 12px}
.verdict{
  border:1px solid var(--line);border-left:6px solid var(--bad);border-radius:6px;padding:16px 20px;
  margin:18px 0;background:var(--tint);
}
.verdict.passed{border-left-color:var(--good)}
.verdict strong{font-size:22px;letter-spacing:.04em}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:10px;margin:14px 0 0}
.figures div{background:var(--paper);border:1px solid var(--line);border-radius:6px;padding:8px 12px}
.figures b{display:block;font-size:20px;font-variant-numeric:tabular-nums}
nav{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px;margin:12px 0}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:6px 10px 6px 0;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft);font-size:12.5px}
td.num,th.num{text-align:right;padding-left:12px;white-space:nowrap}
td.num:last-child,th.num:last-child{padding-right:0}
table.boxes{table-layout:fixed}
th.mark{width:36px}
th.entry{width:132px}
th.took{width:92px}
td.mark{font:600 13px/1.6 ui-monospace,Menlo,Consolas,monospace;white-space:nowrap}
dl.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(430px,1fr));gap:0 28px;font-size:13.5px}
dl.facts div{border-bottom:1px solid var(--line);padding:5px 0}
dl.facts dt{width:130px;flex:none;font-weight:600;font-size:12.5px;white-space:normal}
.glance{letter-spacing:2px;overflow-wrap:anywhere;min-width:150px}
.wide{overflow-x:auto}
ul.reasons{margin:8px 0 0;padding-left:20px}
ul.reasons li{margin:3px 0;overflow-wrap:anywhere}
dl{display:flex;flex-wrap:wrap;gap:1px 18px;margin:3px 0 0;font-size:12.5px}
dl div{max-width:100%;overflow-wrap:anywhere}
dt,dd{display:inline;margin:0}
dt{color:var(--soft);margin-right:6px}
dl.facts div{display:flex;gap:6px}
pre{
  white-space:pre-wrap;overflow-wrap:anywhere;background:var(--tint);border:1px solid var(--line);
  border-radius:6px;padding:10px 12px;font:12.5px/1.5 ui-monospace,Menlo,Consolas,monospace;margin:6px 0;
}
details{margin:4px 0}
summary{cursor:pointer;color:var(--soft);font-size:12.5px}
svg{display:block;width:100%;height:auto}
svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
svg .soft{fill:var(--soft)}
svg .digit{font-size:9px;fill:var(--paper)}
svg .line{fill:none;stroke:currentColor;stroke-width:1.2}
svg .line.soft{color:var(--soft);fill:none}
.m-full{fill:var(--good);color:var(--good)}
.m-some{fill:var(--warn);color:var(--warn)}
.m-none{fill:var(--bad);color:var(--bad)}
.key{font-size:12.5px}
svg .grid{stroke:var(--line)}
svg .ticked{fill:var(--good)}
svg .failed{fill:var(--bad)}
svg .other{fill:var(--warn)}
@media print{
  main{max-width:none;padding:0}
  h2{break-after:avoid}
  tr{break-inside:avoid}
  details{display:block}
  details::details-content{content-visibility:visible}
}
@media (max-width:640px){
  .entry{display:none}
  th.took{width:74px}
  main{padding:16px 14px 48px}
  dl.facts{grid-template-columns:1fr}
  dl.facts dt{width:104px}
  h1 .mono{display:block}
}
`

const HASH = createHash('sha256').update(STYLE).digest('base64')

/** What the page may load: nothing but this style. */
export const POLICY = `default-src 'none'; style-src 'sha256-${HASH}'; base-uri 'none'; form-action 'none'`
