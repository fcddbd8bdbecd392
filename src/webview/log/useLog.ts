import { useEffect, useMemo } from "preact/hooks";
import { usePanel } from "../kit/panelContext.ts";
import type { LogModel } from "./logModel.ts";

/** A log, followed for as long as this is on the page. */
export function useLog(log: string): LogModel {
  const panel = usePanel();
  const model = useMemo(() => panel.log(log), [panel, log]);
  useEffect(() => {
    model.followers += 1;
    panel.act("followLog", { log });
    return () => {
      panel.act("leaveLog", { log });
      model.followers -= 1;
      if (model.followers === 0) panel.store.dropLog(log);
    };
  }, [panel, log, model]);
  return model;
}
