import { Component, type ReactNode } from "react";
import { Failure } from "./states";

interface PanelBoundaryProps {
  children: ReactNode;
  onRetry?: () => void;
}

/** A crash inside stays inside; the rest of the page goes on. */
export class PanelBoundary extends Component<PanelBoundaryProps, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    const again = () => {
      this.props.onRetry?.();
      this.setState({ error: null });
    };
    return <Failure error={this.state.error} onRetry={again} />;
  }
}
