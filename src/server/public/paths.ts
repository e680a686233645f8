/** What anybody may read where the public status is switched on; exactly these, so that nothing hides behind one. */
const publicPath = /^\/public(?:\/badge\/[a-z0-9][a-z0-9-]{0,62}\/(?:state|uptime|response)\.svg)?$/;

/** Whether a request of this method and target (path and query) is for the public status. */
export function isPublicPath(method: string, url: string): boolean {
  return (method === 'GET' || method === 'HEAD') && publicPath.test(url.split('?', 1)[0]);
}
