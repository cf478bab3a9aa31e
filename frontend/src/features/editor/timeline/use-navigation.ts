import { type RefObject, useEffect } from "react";
import { useEditor } from "../state/context";
import { timelineView, useTimelineView } from "./view";

/** Width, wheel and pinch: the wheel moves along, with Ctrl (which a pinch on a touchpad sends, too) it zooms. */
export function useNavigation(box: RefObject<HTMLDivElement | null>): void {
  const { duration } = useEditor();
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => timelineView.resize(element.clientWidth, duration));
    observer.observe(element);
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const x = event.clientX - element.getBoundingClientRect().left;
      if (event.ctrlKey || event.metaKey) return timelineView.zoom(Math.exp(-event.deltaY / 200), x, duration);
      const by = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY;
      timelineView.pan(by / useTimelineView.getState().perSecond, duration);
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    const release = pinch(element, duration);
    return () => {
      observer.disconnect();
      element.removeEventListener("wheel", onWheel);
      release();
    };
  }, [box, duration]);
}

/** Two fingers on a screen zoom around the point between them. */
function pinch(element: HTMLElement, duration: number): () => void {
  let before = 0;
  const onTouch = (event: TouchEvent) => {
    const [one, two] = event.touches;
    if (!one || !two) {
      before = 0;
      return;
    }
    event.preventDefault();
    const distance = Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
    const x = (one.clientX + two.clientX) / 2 - element.getBoundingClientRect().left;
    if (before > 0) timelineView.zoom(distance / before, x, duration);
    before = distance;
  };
  element.addEventListener("touchmove", onTouch, { passive: false });
  element.addEventListener("touchend", onTouch);
  return () => {
    element.removeEventListener("touchmove", onTouch);
    element.removeEventListener("touchend", onTouch);
  };
}
