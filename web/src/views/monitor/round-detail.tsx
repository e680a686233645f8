import type { ReactNode } from 'react';
import type { Detail, ProbeResult } from '../../../../src/wire/probe.ts';
import { formatBytes, formatMs } from '../../lib/format.ts';
import { phaseLooks, phaseNames } from '../../lib/monitor-history.ts';
import { Text } from '../../ui/text.tsx';
import { CertificateFacts } from './certificate-facts.tsx';

/** All that a round found, by kind of probe only in that each has other parts of it. */
export function RoundDetail({ result }: { result: ProbeResult }) {
  const { detail, echoes, address, reason, duration_ms } = result;
  return (
    <div className="mx-2 mb-2 flex flex-col gap-2.5 rounded-lg border border-line bg-raised/40 p-3 text-xs">
      {reason && (
        <p className="text-ink">
          <strong className="text-red">{reason.code}</strong> <Text value={reason.message} wrap max={512} />{' '}
          <span className="text-ink-3">({reason.phase})</span>
        </p>
      )}
      <PhaseBar result={result} />
      <dl className="grid grid-cols-[7rem_minmax(0,1fr)] gap-x-3 gap-y-1">
        <Fact name="Took">{formatMs(duration_ms)}</Fact>
        {address !== null && (
          <Fact name="Address">
            <Text value={address} />
          </Fact>
        )}
        {echoes.length > 1 && (
          <Fact name="Echoes">
            {echoes.map((echo) => (echo === null ? 'lost' : formatMs(echo))).join(', ')}
          </Fact>
        )}
        <DetailFacts detail={detail} />
      </dl>
      {detail.redirects && detail.redirects.length > 0 && <Redirects redirects={detail.redirects} />}
      {detail.answers && detail.answers.length > 0 && <Answers answers={detail.answers} />}
      {detail.hops && detail.hops.length > 0 && (
        <Hops hops={detail.hops} changed={detail.path_changed === true} />
      )}
      {detail.certificate && <CertificateFacts certificate={detail.certificate} />}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0 text-ink-2 [overflow-wrap:anywhere]">{children}</dd>
    </>
  );
}

/** The phases of a round as a bar, with their names and times. */
export function PhaseBar({ result: { phases } }: { result: ProbeResult }) {
  const seen = phaseNames.filter((name) => phases[name] !== null);
  if (seen.length === 0) return null;
  return (
    <div>
      <div className="flex h-2.5 gap-px overflow-hidden rounded" aria-hidden>
        {seen.map((name) => (
          <span
            key={name}
            className={`tone-${phaseLooks[name].tone} min-w-0.5 bg-(--tone)`}
            style={{ flexGrow: Math.max(phases[name] ?? 0, 0.001) }}
          />
        ))}
      </div>
      <ul aria-label="Phases" className="mt-1.5 flex flex-wrap gap-x-4 gap-y-0.5 text-ink-2">
        {seen.map((name) => (
          <li key={name} className={`tone-${phaseLooks[name].tone} flex items-center gap-1.5`}>
            <span className="size-2 rounded-sm bg-(--tone)" aria-hidden />
            {phaseLooks[name].label} {formatMs(phases[name])}
          </li>
        ))}
      </ul>
    </div>
  );
}

function DetailFacts({ detail }: { detail: Detail }) {
  const { status, http_version, bytes, tls_version, alpn, rcode, flags, banner, reply, ntp, ttl } = detail;
  return (
    <>
      {status !== undefined && (
        <Fact name="Status">
          {status}
          {http_version !== undefined && <> · HTTP/{http_version}</>}
          {bytes !== undefined && <> · {formatBytes(bytes)}</>}
        </Fact>
      )}
      {tls_version !== undefined && (
        <Fact name="TLS">
          <Text value={alpn === undefined ? tls_version : `${tls_version} · ${alpn}`} />
        </Fact>
      )}
      {rcode !== undefined && (
        <Fact name="Answer">
          <Text value={flags && flags.length > 0 ? `${rcode} · ${flags.join(' ')}` : rcode} />
        </Fact>
      )}
      {ntp && (
        <>
          <Fact name="Clock">
            offset {formatSigned(ntp.offset_ms)} · delay {formatMs(ntp.delay_ms)}
          </Fact>
          <Fact name="Server">
            stratum {ntp.stratum} · <Text value={ntp.reference} /> · root delay {formatMs(ntp.root_delay_ms)}{' '}
            · dispersion {formatMs(ntp.root_dispersion_ms)}
            {ntp.leap !== 'none' && <> · leap: {ntp.leap}</>}
          </Fact>
        </>
      )}
      {ttl !== undefined && <Fact name="TTL">{ttl}</Fact>}
      {banner !== undefined && (
        <Fact name="Banner">
          <Text value={banner} wrap max={512} className="font-mono" />
        </Fact>
      )}
      {reply !== undefined && (
        <Fact name="Reply">
          <Text value={reply} wrap max={512} className="font-mono" />
        </Fact>
      )}
    </>
  );
}

function formatSigned(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${formatMs(Math.abs(ms))}`;
}

function SmallTable({
  label,
  heads,
  rows,
}: {
  label: string;
  heads: readonly string[];
  rows: readonly ReactNode[][];
}) {
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-left" aria-label={label}>
        <thead>
          <tr className="text-ink-3">
            {heads.map((head) => (
              <th key={head} scope="col" className="pr-3 font-normal">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the rows of one round never change
            <tr key={place} className="border-t border-line">
              {cells.map((cell, column) => (
                <td key={heads[column]} className="py-0.5 pr-3 align-top text-ink-2 [overflow-wrap:anywhere]">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Redirects({ redirects }: { redirects: NonNullable<Detail['redirects']> }) {
  return (
    <SmallTable
      label="Redirects"
      heads={['Redirect', 'Status', 'Took']}
      rows={redirects.map(({ url, status, duration_ms }) => [
        <Text key="url" value={url} wrap max={2048} />,
        status,
        formatMs(duration_ms),
      ])}
    />
  );
}

function Answers({ answers }: { answers: NonNullable<Detail['answers']> }) {
  return (
    <SmallTable
      label="Answers"
      heads={['Name', 'Type', 'TTL', 'Data']}
      rows={answers.map(({ name, type, ttl, data }) => [
        <Text key="name" value={name} wrap max={255} />,
        <Text key="type" value={type} />,
        `${ttl} s`,
        <Text key="data" value={data} wrap max={1024} />,
      ])}
    />
  );
}

function Hops({ hops, changed }: { hops: NonNullable<Detail['hops']>; changed: boolean }) {
  return (
    <div>
      {changed && <p className="mb-1 text-yellow">The path is another than in the round before.</p>}
      <SmallTable
        label="Hops"
        heads={['Hop', 'Who answered', 'Round trips']}
        rows={hops.map(({ ttl, addresses, name, rtt_ms }) => [
          ttl,
          addresses.length === 0 ? (
            <span key="nobody" className="text-ink-3">
              nobody
            </span>
          ) : (
            <Text
              key="addresses"
              value={name === null ? addresses.join(', ') : `${name} (${addresses.join(', ')})`}
              wrap
              max={600}
            />
          ),
          rtt_ms.map((rtt) => (rtt === null ? '–' : formatMs(rtt))).join(', '),
        ])}
      />
    </div>
  );
}
