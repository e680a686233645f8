import {
  Activity,
  BookOpen,
  ChartPie,
  CircleX,
  Cpu,
  EthernetPort,
  Globe,
  HeartPulse,
  type LucideIcon,
  Radar,
  Server,
} from 'lucide-react';

/** A page of the dashboard; `key` after `g` goes there. */
export interface Page {
  readonly path: string;
  readonly title: string;
  readonly icon: LucideIcon;
  readonly key: string;
}

export const pages: readonly Page[] = [
  { path: '/', title: 'Connections', icon: Activity, key: 'c' },
  { path: '/monitors', title: 'Monitors', icon: Radar, key: 'm' },
  { path: '/errors', title: 'Errors', icon: CircleX, key: 'e' },
  { path: '/protocols', title: 'Protocols', icon: ChartPie, key: 'o' },
  { path: '/http', title: 'HTTP', icon: Globe, key: 't' },
  { path: '/dns', title: 'DNS', icon: BookOpen, key: 'd' },
  { path: '/processes', title: 'Processes', icon: Cpu, key: 'p' },
  { path: '/interfaces', title: 'Interfaces', icon: EthernetPort, key: 'i' },
  { path: '/agents', title: 'Agents', icon: Server, key: 'a' },
  { path: '/status', title: 'Health', icon: HeartPulse, key: 'h' },
];

/** The page that an address belongs to: its own, or the one above it. */
export function findPage(path: string): Page | undefined {
  if (path === '/new-monitor') return findPage('/monitors');
  return pages.find((page) => page.path === path || (page.path !== '/' && path.startsWith(`${page.path}/`)));
}
