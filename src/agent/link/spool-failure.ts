/** Primary result codes of SQLite (sqlite3.h) and errno names of what may be over in a while, in words. */
const passing: Readonly<Record<string, string>> = {
  5: 'another process is writing to it',
  8: 'it is read-only',
  10: 'the disk fails',
  13: 'the disk is full',
  EDQUOT: 'the disk is full for this user',
  EIO: 'the disk fails',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
};

/** Whether what was thrown by the spool's file is about the disk, and may be over in a while. */
export function isPassing(thrown: unknown): boolean {
  return codeOf(thrown) in passing;
}

/** What is wrong with the spool's file, in words. */
export function describeFailure(thrown: unknown): string {
  return passing[codeOf(thrown)] ?? (thrown instanceof Error ? thrown.message : String(thrown)).slice(0, 200);
}

/** The name of an errno, or the primary code of SQLite, of an error or of its cause. */
function codeOf(thrown: unknown): string {
  const { errcode, code, cause } = thrown as { errcode?: number; code?: string; cause?: unknown };
  if (errcode !== undefined) return String(errcode & 0xff);
  return cause instanceof Error ? codeOf(cause) : String(code);
}
