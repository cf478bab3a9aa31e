import { rowAfter, rowAt } from "@/core/lines";
import { useEditor } from "./context";
import { show, useView } from "./view";

/** Go to the next or previous line: from the selected one, else from what is heard. */
export function useStep(): (by: 1 | -1) => void {
  const { rows, transport } = useEditor();
  return (by) => {
    const { selected } = useView.getState();
    const at = rows.findIndex(({ segment }) => segment.segment_id === selected);
    const heard = rowAt(rows, transport.time);
    const next = at >= 0 ? at + by : heard >= 0 ? heard + by : rowAfter(rows, transport.time) + (by > 0 ? 0 : -1);
    const row = rows[Math.max(0, Math.min(rows.length - 1, next))];
    if (!row) return;
    show({ selected: row.segment.segment_id });
    transport.seek(row.segment.start_s);
  };
}
