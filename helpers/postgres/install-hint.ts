import { readFile } from 'node:fs/promises'
import { platform } from 'node:os'

/** The command that installs PostgreSQL's client tools on this system, in version `major` or newer. */
export async function installHint(major: number): Promise<string> {
  if (platform() !== 'linux') return hintFor(platform(), major)
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return hintFor(distributionOf(release), major)
}

/** The package family of a system, from its /etc/os-release. */
export function distributionOf(release: string): string {
  const field = (name: string): string => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(release)?.[1] ?? ''
  const names = [field('ID'), ...field('ID_LIKE').split(' ')]
  for (const name of names) {
    if (['debian', 'ubuntu'].includes(name)) return 'debian'
    if (['fedora', 'rhel', 'centos', 'amzn', 'rocky', 'almalinux'].includes(name)) return 'fedora'
    if (['arch', 'alpine'].includes(name)) return name
    if (['suse', 'opensuse', 'sles'].includes(name) || name.startsWith('opensuse-')) return 'suse'
  }
  return 'linux'
}

export function hintFor(system: string, major: number): string {
  switch (system) {
    case 'debian':
      return (
        `sudo apt-get install postgresql-client-${major}   (not found? sudo apt-get install ` +
        'postgresql-common && sudo /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh, then again)'
      )
    case 'fedora':
      return (
        `sudo dnf install postgresql   (must be ${major} or newer; ` +
        `else dnf install postgresql${major} from https://yum.postgresql.org)`
      )
    case 'arch':
      return 'sudo pacman -S postgresql-libs'
    case 'alpine':
      return `sudo apk add postgresql${major}-client`
    case 'suse':
      return `sudo zypper install postgresql${major}`
    case 'darwin':
      return `brew install postgresql@${major}`
    case 'win32':
      return `winget install PostgreSQL.PostgreSQL.${major}`
    default:
      return (
        `install PostgreSQL ${major}'s client tools (psql, pg_dump, …) ` +
        'from https://www.postgresql.org/download/ and put them on PATH'
      )
  }
}
