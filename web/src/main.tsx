import './app/trusted-types.ts';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { lazy, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter, Route, Routes } from 'react-router';
import { Shell } from './app/shell.tsx';
import { LiveStore } from './live/live-store.ts';
import { MonitorStore } from './live/monitor-store.ts';
import { LiveContext } from './live/use-live.ts';
import { MonitorContext } from './live/use-monitors.ts';
import './styles.css';
import { ConnectionsView } from './views/connections/connections-view.tsx';

const loaders = {
  errors: () => import('./views/errors/errors-view.tsx'),
  protocols: () => import('./views/protocols/protocols-view.tsx'),
  http: () => import('./views/http/http-view.tsx'),
  dns: () => import('./views/dns/dns-view.tsx'),
  processes: () => import('./views/processes/processes-view.tsx'),
  interfaces: () => import('./views/interfaces/interfaces-view.tsx'),
  monitors: () => import('./views/monitors/monitors-view.tsx'),
  monitor: () => import('./views/monitor/monitor-view.tsx'),
  monitorForm: () => import('./views/monitor-form/monitor-form-view.tsx'),
  agents: () => import('./views/agents/agents-view.tsx'),
  health: () => import('./views/health/health-view.tsx'),
  notFound: () => import('./views/not-found-view.tsx'),
  palette: () => import('./app/palette.tsx'),
};
const ErrorsView = lazy(loaders.errors);
const ProtocolsView = lazy(loaders.protocols);
const HttpView = lazy(loaders.http);
const DnsView = lazy(loaders.dns);
const ProcessesView = lazy(loaders.processes);
const InterfacesView = lazy(loaders.interfaces);
const MonitorsView = lazy(loaders.monitors);
const MonitorView = lazy(loaders.monitor);
const MonitorFormView = lazy(loaders.monitorForm);
const AgentsView = lazy(loaders.agents);
const HealthView = lazy(loaders.health);
const NotFoundView = lazy(loaders.notFound);

/** When the page is quiet the other pages are fetched, so that they are there without the server too. */
const prefetchMs = 1500;
setTimeout(() => void Promise.allSettled(Object.values(loaders).map((load) => load())), prefetchMs);

const live = new LiveStore(window.location.origin);
const monitors = new MonitorStore(window.location.origin);
document.addEventListener('visibilitychange', () => live.setHidden(document.hidden));

const queries = new QueryClient({
  defaultOptions: { queries: { retry: 1, refetchOnWindowFocus: false, staleTime: 1000 } },
});

// A transition of React's would wait for as long as live data comes in, so that a box that was ticked shows it late.
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <LiveContext value={live}>
        <MonitorContext value={monitors}>
          <BrowserRouter useTransitions={false}>
            <Routes>
              <Route element={<Shell />}>
                <Route index element={<ConnectionsView />} />
                <Route path="errors" element={<ErrorsView />} />
                <Route path="protocols" element={<ProtocolsView />} />
                <Route path="http" element={<HttpView />} />
                <Route path="dns" element={<DnsView />} />
                <Route path="processes" element={<ProcessesView />} />
                <Route path="interfaces" element={<InterfacesView />} />
                <Route path="monitors" element={<MonitorsView />} />
                <Route path="monitors/:id" element={<MonitorView />} />
                <Route path="monitors/:id/edit" element={<MonitorFormView />} />
                <Route path="agents" element={<AgentsView />} />
                <Route path="new-monitor" element={<MonitorFormView />} />
                <Route path="status" element={<HealthView />} />
                <Route path="*" element={<NotFoundView />} />
              </Route>
            </Routes>
          </BrowserRouter>
        </MonitorContext>
      </LiveContext>
    </QueryClientProvider>
  </StrictMode>,
);
