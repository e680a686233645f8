import { Link, useLocation } from 'react-router';
import { Text } from '../ui/text.tsx';

/** An address that is no page. */
export default function NotFoundView() {
  const { pathname } = useLocation();
  return (
    <main className="flex flex-1 flex-col items-center justify-center gap-3 p-6 text-center">
      <p className="text-5xl font-semibold text-ink-3">404</p>
      <h2 className="text-lg font-semibold">There is no such page</h2>
      <p className="max-w-full text-sm text-ink-3">
        <Text value={pathname} wrap />
      </p>
      <Link to="/" className="control mt-2">
        Show the connections
      </Link>
    </main>
  );
}
