/** Runs the command line, or as its child the server, which need not load what a command line is made of. */
try {
  if (process.argv[2] === 'server-child' && process.send) {
    const { runServerChild } = await import('./server-child.ts');
    await runServerChild();
  } else {
    const { makeProgram } = await import('./program.ts');
    await makeProgram().parseAsync();
  }
} catch (error) {
  const { reportFailure } = await import('./failure.ts');
  process.exitCode = reportFailure(error);
}
