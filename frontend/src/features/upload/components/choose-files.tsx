import { type ReactNode, useCallback, useState } from "react";
import { useUploads } from "../state/store";

const ACCEPT =
  "video/*,audio/*,.mkv,.mov,.mp4,.webm,.avi,.ts,.m2ts,.flv,.wmv,.mpg,.mpeg,.ogv,.mp3,.m4a,.wav,.flac,.ogg,.opus";
const SUBTITLES = ".srt,.vtt,.ass,.ssa,.sbv,.ttml,.dfxp,.smi,.lrc";

/** Hands a function to `children` that opens the file chooser. */
export function ChooseFiles({ children }: { children: (choose: () => void) => ReactNode }) {
  const [input, setInput] = useState<HTMLInputElement | null>(null);
  const add = useUploads((state) => state.add);
  const choose = useCallback(() => input?.click(), [input]);
  return (
    <>
      <input
        ref={setInput}
        type="file"
        multiple
        hidden
        accept={`${ACCEPT},${SUBTITLES}`}
        data-testid="file-input"
        onChange={(event) => {
          add([...(event.target.files ?? [])].map((file) => ({ file, path: file.name })));
          event.target.value = "";
        }}
      />
      {children(choose)}
    </>
  );
}
