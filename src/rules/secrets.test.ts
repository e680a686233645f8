import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maskCommandLine, maxCommandLine } from './secrets.ts';

/** Arguments, separated by ` | `, and the line that is to be shown. */
const table: ReadonlyArray<readonly [string, string]> = [
  ['app | --password=hunter2 | --verbose', 'app --password=*** --verbose'],
  ['app | --password | hunter2 | run', 'app --password *** run'],
  ['app | --password | --host | db', 'app --password --host db'],
  ['app | --db-password=a b;c,d', 'app --db-password=***'],
  ['app | --password-file=/etc/secret.txt', 'app --password-file=/etc/secret.txt'],
  ['app | -password | x1', 'app -password ***'],
  [
    'java | -Dspring.datasource.password=x1 | -jar | a.jar',
    'java -Dspring.datasource.password=*** -jar a.jar',
  ],
  ['app | --apiKey=1234', 'app --apiKey=***'],
  ['app | --accessToken | 1234', 'app --accessToken ***'],
  ['mysql | -u | root | -phunter2 | db', 'mysql -u root -p*** db'],
  ['mysql | -u | root | -p | db', 'mysql -u root -p db'],
  ['sudo | /usr/bin/mysqldump | -phunter2 | db', 'sudo /usr/bin/mysqldump -p*** db'],
  ['ssh | -p2222 | host', 'ssh -p2222 host'],
  ['mkdir | -p | /srv/a', 'mkdir -p /srv/a'],
  ['sshpass | -p | hunter2 | ssh | host', 'sshpass -p *** ssh host'],
  ['redis-cli | -h | h | -a | hunter2 | ping', 'redis-cli -h h -a *** ping'],
  ['curl | -u | bob:hunter2 | http://h/', 'curl -u bob:*** http://h/'],
  ['curl | -ubob:hunter2 | http://h/', 'curl -ubob:*** http://h/'],
  ['curl | --user=bob:hunter2', 'curl --user=bob:***'],
  ['curl | -u | bob', 'curl -u bob'],
  ['smbclient | -U | bob%hunter2', 'smbclient -U bob%***'],
  ['ldapsearch | -x | -w | hunter2', 'ldapsearch -x -w ***'],
  ['psql | postgres://bob:hunter2@db:5432/x', 'psql postgres://bob:***@db:5432/x'],
  ['psql | postgres://bob:hun/ter2@db:5432/x', 'psql postgres://bob:***@db:5432/x'],
  ['app | --url=redis://:p@ss@h:6379/0', 'app --url=redis://:***@h:6379/0'],
  ['npm | http://localhost:4873/@scope/a', 'npm http://localhost:4873/@scope/a'],
  ['app | http://h:8080', 'app http://h:8080'],
  ['curl | http://h/a?x=1&access_token=abc&y=2', 'curl http://h/a?x=1&access_token=***&y=2'],
  [
    'env | AWS_SECRET_ACCESS_KEY=abc | STRIPE_KEY=abc | HOME=/root | x',
    'env AWS_SECRET_ACCESS_KEY=*** STRIPE_KEY=*** HOME=/root x',
  ],
  ['env | PGPASSWORD=abc | MYSQL_PWD=abc | psql', 'env PGPASSWORD=*** MYSQL_PWD=*** psql'],
  ['app | --ssl-key=/etc/key.pem | --tls-key=./k', 'app --ssl-key=/etc/key.pem --tls-key=./k'],
  ['curl | -H | Authorization: Bearer abcdefgh', 'curl -H Authorization: ***'],
  ['curl | -H | X-Api-Key: abcdefgh', 'curl -H X-Api-Key: ***'],
  ['curl | -H | Cookie: a=b; c=d', 'curl -H Cookie: ***'],
  ['curl | -HAuthorization: Basic dXNlcjpwYXNz', 'curl -HAuthorization: ***'],
  ['app | --header=X: bearer abcdefgh', 'app --header=X: bearer ***'],
  [
    "sh | -c | curl -H 'Authorization: Bearer abc' -u bob:x http://h | jq",
    "sh -c curl -H 'Authorization: ***' -u bob:*** http://h jq",
  ],
  ['sh | -c | mysql -phunter2 db', 'sh -c mysql -p*** db'],
  ['sh | -c | cd /; psql --token abc', 'sh -c cd /; psql --token ***'],
  ['sh | -c | PGPASSWORD=abc psql --token abc', 'sh -c PGPASSWORD=***'],
  ['curl | -d | {"user":"bob","password":"hun ter2"}', 'curl -d {"user":"bob","password":***}'],
  ['app | Server=db;User=sa;Password=hunter2;Timeout=3', 'app Server=db;User=sa;Password=***;Timeout=3'],
  ['openssl | -passin | pass:hunter2', 'openssl -passin pass:***'],
  [
    'git | clone | https://ghp_abcdefghijklmnopqrstuvwxyz0123@github.com/a',
    'git clone https://***@github.com/a',
  ],
  ['app | eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', 'app ***'],
  ['nginx: worker process', 'nginx: worker process'],
  ['postgres: bob app 10.0.0.1(5432) idle', 'postgres: bob app 10.0.0.1(5432) idle'],
  ['vim | /etc/passwd', 'vim /etc/passwd'],
  ['', ''],
];

describe('maskCommandLine', () => {
  for (const [args, expected] of table) {
    it(`shows "${args}" as "${expected}"`, () => assert.equal(maskCommandLine(args.split(' | ')), expected));
  }

  it('masks the password of a URL that the kernel cut before its end', () => {
    assert.equal(maskCommandLine(['psql', 'postgres://bob:hunt'], true), 'psql postgres://bob:***');
    assert.equal(maskCommandLine(['psql', 'http://host:80'], true), 'psql http://host:80');
  });

  it('keeps to its length, with well-formed text', () => {
    const line = maskCommandLine(['x', '😀'.repeat(5000)]);
    assert.equal(line.length, maxCommandLine);
    assert.ok(line.isWellFormed());
  });

  it('takes time in proportion to its input, whatever that holds', () => {
    const started = process.cpuUsage();
    for (const piece of [
      'a://b:',
      'a=',
      'Authorization:',
      '"a":"',
      'eyJaaaaaaaaa.',
      '-p ',
      "'",
      'sk-',
      ' basic ',
    ]) {
      maskCommandLine(['sh', piece.repeat(Math.ceil(16384 / piece.length))]);
      maskCommandLine(piece.repeat(16384 / piece.length).split(''));
    }
    assert.ok(process.cpuUsage(started).user < 5e6);
  });
});
