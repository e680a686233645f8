import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Issued {
  /** Files in PEM: the certificate with those above it but for the root, and its key. */
  readonly chain: string;
  readonly key: string;
}

/** An authority of a test's own, made by openssl in a folder that goes with it. */
export class TestAuthority implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'netmon-authority-'));
  /** Its root, in PEM. */
  readonly root: string;
  readonly #name: string;
  #serial = 4096;

  constructor(name: string) {
    this.#name = name;
    this.#openssl(
      'req',
      '-x509',
      ...this.#newKey(name),
      '-out',
      this.#path(`${name}.pem`),
      '-days',
      '9',
      '-subj',
      `/CN=${name}`,
    );
    this.root = readFileSync(this.#path(`${name}.pem`), 'utf8');
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A certificate for names as in `DNS:localhost,IP:127.0.0.1`; negative days are for one that has ended. */
  issue(file: string, names: string, days = 5, by = this.#name, isAuthority = false): Issued {
    const request = this.#path(`${file}.csr`);
    const bare = this.#path(`${file}.pem`);
    const extensions = this.#path(`${file}.ext`);
    writeFileSync(
      extensions,
      `${names === '' ? '' : `subjectAltName=${names}\n`}basicConstraints=CA:${isAuthority}\n`,
    );
    this.#openssl('req', '-new', ...this.#newKey(file), '-out', request, '-subj', `/CN=${file}`);
    const signer = [
      '-CA',
      this.#path(`${by}.pem`),
      '-CAkey',
      this.#path(`${by}.key`),
      '-set_serial',
      `${++this.#serial}`,
    ];
    this.#openssl(
      'x509',
      '-req',
      '-in',
      request,
      ...signer,
      '-days',
      `${days}`,
      '-extfile',
      extensions,
      '-out',
      bare,
    );
    const chain = this.#path(`${file}.chain`);
    writeFileSync(
      chain,
      readFileSync(bare, 'utf8') + (by === this.#name ? '' : readFileSync(this.#path(`${by}.pem`), 'utf8')),
    );
    return { chain, key: this.#path(`${file}.key`) };
  }

  /** File with a signed OCSP response that says that the certificate issued last was revoked. */
  revokeLast(): string {
    const [index, response, root] = [
      this.#path('index'),
      this.#path('ocsp.der'),
      this.#path(`${this.#name}.pem`),
    ];
    const serial = this.#serial.toString(16).padStart(4, '0').toUpperCase();
    appendFileSync(index, `R\t491231235959Z\t260101000000Z\t${serial}\tunknown\t/CN=x\n`);
    const signer = ['-rsigner', root, '-rkey', this.#path(`${this.#name}.key`), '-CA', root];
    const asked = [
      '-issuer',
      root,
      '-serial',
      `${this.#serial}`,
      '-ndays',
      '2',
      '-respout',
      response,
      '-noverify',
    ];
    this.#openssl('ocsp', '-index', index, ...signer, ...asked);
    return response;
  }

  #newKey(file: string): readonly string[] {
    return [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      this.#path(`${file}.key`),
    ];
  }

  #path(file: string): string {
    return join(this.folder, file);
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}
