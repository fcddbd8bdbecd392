import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { PanelClient } from "../panelClient.ts";

/** The page's line to the extension, for components that act. */
export const PanelContext = createContext<PanelClient | undefined>(undefined);

export function usePanel(): PanelClient {
  const client = useContext(PanelContext);
  if (client === undefined) throw new Error("No PanelContext above this component");
  return client;
}
