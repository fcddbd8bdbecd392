import type { ComponentChildren } from "preact";
import type { PanelMethod, PanelParams } from "../../protocol/panel.ts";
import { Icon } from "./Icon.tsx";
import { usePanel } from "./panelContext.ts";

interface ActionButtonProps<M extends PanelMethod> {
  method: M;
  params: PanelParams<M>;
  icon: string;
  secondary?: boolean;
  disabled?: boolean;
  title?: string | undefined;
  children: ComponentChildren;
}

/** A button that asks the extension for something. */
export function ActionButton<M extends PanelMethod>(props: ActionButtonProps<M>) {
  const { method, params, icon, secondary, children, ...rest } = props;
  const panel = usePanel();
  return (
    <button
      type="button"
      class={`button${secondary ? " secondary" : ""}`}
      onClick={() => panel.act(method, params)}
      {...rest}
    >
      <Icon name={icon} /> {children}
    </button>
  );
}
