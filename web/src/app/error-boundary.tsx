import { Component, type ReactNode } from 'react';
import { Failed } from '../ui/message.tsx';

/**
 * Keeps a fault of one page from taking the others down; navigating away clears it. Trying again loads the page anew,
 * since a part that could not be fetched, or that a newer server no longer has, is not asked for twice.
 */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return <Failed error={this.state.error} retry={() => window.location.reload()} />;
  }
}
