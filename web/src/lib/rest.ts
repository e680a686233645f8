import { AgentRest } from '../../../src/client/agent-rest.ts';
import { MonitorRest } from '../../../src/client/monitor-rest.ts';
import { RestClient } from '../../../src/client/rest.ts';

/** The REST API of the server that this page came from. */
export const rest = new RestClient({ url: window.location.origin });

/** Its part that is about monitors. */
export const monitorRest = new MonitorRest(rest);

/** Its part that is about agents. */
export const agentRest = new AgentRest(rest);
