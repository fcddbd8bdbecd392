import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** For a field that a button opens: it gets the keyboard then, and does not take it when it is there from the beginning. */
export function useOpenedField(isOpen: boolean): RefObject<HTMLTextAreaElement | null> {
  const field = useRef<HTMLTextAreaElement>(null);
  const wasOpen = useRef(isOpen);
  useEffect(() => {
    if (isOpen && !wasOpen.current) field.current?.focus();
    wasOpen.current = isOpen;
  }, [isOpen]);
  return field;
}
