import { type Command, Option } from 'commander';
import { type Config, dumpConfig, readConfig } from '../platform/config.ts';
import { type SettingName, settings } from '../platform/settings.ts';
import type { ValueKind } from '../platform/values.ts';

/** Gives a subcommand a flag for each setting, and `--config`, `--check` and `--dump`. */
export function addSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) command.addOption(settingOption(name));
  return command
    .option(
      '--config <FILE>',
      'configuration file (TOML; the names of these flags)',
      process.env.NETMON_CONFIG,
    )
    .option('--check', 'only check the configuration')
    .option('--dump', 'only print the effective configuration, with where each value comes from');
}

/**
 * The configuration of a subcommand; null when `--check` or `--dump` was all that was wanted, which has been done. Throws
 * as `readConfig`.
 */
export function readSettings<N extends SettingName>(command: Command, names: readonly N[]): Config<N> | null {
  const options = command.opts<{ config?: string; check?: boolean; dump?: boolean }>();
  const config = readConfig(names, {
    flags: Object.fromEntries(names.map((name) => [name, flagText(command, name)])),
    env: process.env,
    ...(options.config !== undefined && { file: options.config }),
  });
  if (options.dump) process.stdout.write(dumpConfig(config.origins));
  else if (options.check) process.stdout.write('the configuration is usable\n');
  return options.check || options.dump ? null : config;
}

function settingOption(name: SettingName): Option {
  const { kind, fallback, help } = settings[name];
  const shown = fallback === null || fallback === '' ? help : `${help} (default: ${fallback})`;
  // A switch has the one flag that changes what is so without it.
  if (kind.placeholder === null && fallback === 'false') return new Option(`--${name}`, help);
  if (kind.placeholder === null) return new Option(`--no-${name}`, `without ${help}`);
  const place = 'bare' in kind ? `[${kind.placeholder}]` : `<${kind.placeholder}>`;
  const option = new Option(`--${name} ${place}`, shown);
  if ('list' in kind)
    option.argParser((text: string, before?: string) => (before === undefined ? text : `${before},${text}`));
  return option;
}

function flagText(command: Command, name: SettingName): string | undefined {
  const key = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  if (command.getOptionValueSource(key) !== 'cli') return undefined;
  const value: unknown = command.getOptionValue(key);
  const kind: ValueKind<unknown> = settings[name].kind;
  return value === true && kind.bare !== undefined ? kind.bare : String(value);
}
