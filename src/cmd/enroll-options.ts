import { type Command, Option } from 'commander';
import { NetmonError } from '../base/errors.ts';
import type { EnrolledRole } from '../platform/certificates/identity.ts';
import { durationValue } from '../platform/values.ts';
import type { EnrollFlags } from './enroll.ts';

const lifetime = durationValue(10_000, 30 * 86_400_000);
const roles: readonly EnrolledRole[] = ['agent', 'console'];

/** `netmon enroll`. */
export function addEnrollCommand(command: Command): void {
  command
    .argument('[NAME]', 'at the server: for whom the token is')
    .addOption(new Option('--role <ROLE>', 'what the name is (default: agent)').choices(roles))
    .option('--lifetime <DURATION>', 'how long the token is good (default: 1h)')
    .option('--server <URL>', 'server to ask for the token (default: http://127.0.0.1:8080)')
    .option('--token-file <PATH>', 'file with the token that the API of that server wants')
    .option('--json', 'the answer as JSON')
    .option('--token <TOKEN>', 'at the agent, or console: the token; - reads it from standard input')
    .option('--data <PATH>', "at the agent: its data folder; the identity goes to the folder's identity/")
    .action(async (name: string | undefined, flags: EnrollFlags) => {
      const { runEnrollAgent, runEnrollServer } = await import('./enroll.ts');
      if (flags.token !== undefined) {
        refuse(name !== undefined, 'NAME is for the server, --token for the agent');
        refuse(!!(flags.role ?? flags.lifetime ?? flags.server), 'the token knows role, lifetime and server');
        await runEnrollAgent(flags.token, flags);
        return;
      }
      refuse(name === undefined, 'expected NAME at the server, or --token TOKEN at the agent');
      refuse(flags.data !== undefined, '--data is for the agent, with --token');
      await runEnrollServer(name!, readLifetime(flags.lifetime), flags);
    });
}

/** `netmon agents revoke`. */
export function addRevokeCommand(agents: Command): void {
  agents
    .command('revoke <NAME>')
    .description('shut an agent out: its certificates are revoked, its link ends at once')
    .addOption(new Option('--role <ROLE>', 'what the name is (default: agent)').choices(roles))
    .action(async (name: string, _: unknown, command: Command) => {
      const { runRevoke } = await import('./enroll.ts');
      await runRevoke(name, command.optsWithGlobals<EnrollFlags>());
    });
}

function readLifetime(text = '1h'): number {
  const ms = lifetime.parse(text);
  if (ms !== undefined) return ms;
  throw new NetmonError('NM_BAD_FLAG', `--lifetime = ${JSON.stringify(text)}: expected ${lifetime.expected}`);
}

function refuse(wrong: boolean, message: string): void {
  if (wrong) throw new NetmonError('NM_BAD_FLAG', message);
}
