import type { Command } from 'commander';

/** Runs the command line, or as its child the server, which need not load what a command line is made of. */
let program: Command | null = null;
try {
  if (process.argv[2] === 'server-child' && process.send) {
    const { runServerChild } = await import('./server-child.ts');
    await runServerChild();
  } else if (process.argv[2] === 'inspector-child') {
    const { runInspectorChild } = await import('./inspector-child.ts');
    await runInspectorChild();
  } else if (process.argv[2] === 'capture-writer' && process.send) {
    const { runCaptureWriter } = await import('./capture-writer-child.ts');
    runCaptureWriter(process.argv[3]);
  } else if (process.argv[2] === 'warm-up') {
    // What was loaded once is in the compile cache: the set-up calls this, so that the first start is a warm one.
    await Promise.all([
      import('./program.ts'),
      import('./up.ts'),
      import('./server-program.ts'),
      import('./replay.ts'),
    ]);
  } else {
    const { makeProgram } = await import('./program.ts');
    program = makeProgram();
    await program.parseAsync();
  }
} catch (error) {
  const { reportFailure } = await import('./failure.ts');
  process.exitCode = reportFailure(error, program, process.argv.slice(2));
}
