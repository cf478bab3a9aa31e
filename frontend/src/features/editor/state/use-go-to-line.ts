import { useSearchParams } from "react-router";
import { useEditor } from "./context";
import { show } from "./view";

/** Go to a line of any language: it is chosen, and the picture stands at its beginning. */
export function useGoToLine(): (language: string, segment: string) => void {
  const { rows, transport } = useEditor();
  const [params, setParams] = useSearchParams();
  return (code, segment) => {
    // also where it is shown still: another language may be on its way here
    setParams({ ...Object.fromEntries(params), language: code }, { replace: true });
    show({ selected: segment, filter: "all", search: "" });
    const row = rows.find((one) => one.segment.segment_id === segment);
    if (row) transport.seek(row.segment.start_s);
  };
}
