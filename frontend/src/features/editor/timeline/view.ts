import { create } from "zustand";
import { around, panned, type Window, zoomed } from "@/core/timeline";

interface TimelineView extends Window {
  /** Whether the whole video was fitted into the first width that was known. */
  fitted: boolean;
}

/** Which part of the video the timeline shows. */
export const useTimelineView = create<TimelineView>(() => ({ left_s: 0, perSecond: 40, width: 0, fitted: false }));

const AT_FIRST_PER_S = 40;

export const timelineView = {
  /** A new width; the first one decides how much is shown. */
  resize: (width: number, duration: number) =>
    useTimelineView.setState((view) => {
      const perSecond = view.fitted ? view.perSecond : Math.max(AT_FIRST_PER_S, width / Math.max(duration, 0.1));
      return { ...panned({ ...view, width, perSecond }, 0, duration), fitted: true };
    }),
  zoom: (factor: number, x: number, duration: number) =>
    useTimelineView.setState((view) => zoomed(view, factor, x, duration)),
  pan: (by_s: number, duration: number) => useTimelineView.setState((view) => panned(view, by_s, duration)),
  show: (start_s: number, end_s: number, duration: number) =>
    useTimelineView.setState((view) => around(view, start_s, end_s, duration)),
  fit: (duration: number) =>
    useTimelineView.setState((view) => ({ left_s: 0, perSecond: view.width / Math.max(duration, 0.1) })),
  reset: () => useTimelineView.setState({ left_s: 0, fitted: false }),
  /** Bring a moment into view: the page turns, so that little is drawn while the video plays. */
  follow: (time: number, duration: number) => {
    const view = useTimelineView.getState();
    const span = view.width / view.perSecond;
    if (time >= view.left_s && time <= view.left_s + span * 0.97) return;
    useTimelineView.setState(panned({ ...view, left_s: time - span * 0.08 }, 0, duration));
  },
};
