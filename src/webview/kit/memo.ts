import { Component, type ComponentType, type FunctionComponent, h } from "preact";

/**
 * A component that draws again only when a property is another object. Reducers keep what an action does not touch, so
 * a delta redraws the part that it extends and nothing else.
 */
export function memo<P extends object>(render: FunctionComponent<P>): ComponentType<P> {
  return class extends Component<P> {
    static override displayName = `Memo(${render.name})`;

    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const keys = new Set([...Object.keys(next), ...Object.keys(this.props)]);
      return Array.from(keys).some((key) => Reflect.get(next, key) !== Reflect.get(this.props, key));
    }

    override render() {
      // A child of its own, so that hooks and signals inside `render` redraw it on their own account.
      return h(render, this.props);
    }
  };
}
