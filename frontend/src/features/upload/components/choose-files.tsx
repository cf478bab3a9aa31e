import { type ReactNode, useRef } from "react";
import { useUploads } from "../state/store";

const ACCEPT = "video/*,.mkv,.mov,.mp4,.webm,.avi,.ts,.m2ts,.flv,.wmv,.mpg,.mpeg,.ogv";

/** Hands a function to `children` that opens the file chooser. */
export function ChooseFiles({ children }: { children: (choose: () => void) => ReactNode }) {
  const input = useRef<HTMLInputElement>(null);
  const add = useUploads((state) => state.add);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={ACCEPT}
        data-testid="file-input"
        onChange={(event) => {
          add([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      {children(() => input.current?.click())}
    </>
  );
}
