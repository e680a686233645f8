import { connectPair, DumpBench } from './dump-source.fixture.ts';

/** Run as another user: prints what the sensor at the level given sees of a connection of its own, and of root's. */
const [level, rootPort] = process.argv.slice(2);
await using pair = await connectPair('127.0.0.1');
using bench = new DumpBench(level as 'netlink' | 'proc');
for (let i = 0; i < 5; i++) bench.tick(1000);
const own = bench.find(pair.client.localPort!, pair.port)?.[1];
const other = bench.find(Number(rootPort), 0)?.[1];
console.log(JSON.stringify({ own, other, status: bench.status() }));
