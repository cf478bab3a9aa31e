import { FileUp } from "lucide-react";
import { useRef } from "react";
import { SUBTITLE_FILES } from "@/api/subtitles";
import { Button } from "./ui/button";

interface SubtitleSlotProps {
  /** What the button says. */
  label: string;
  /** What it is for, where the button's words do not say it. */
  name?: string;
  testId?: string;
  onChoose: (file: File) => void;
}

/** A place for a subtitle file. */
export function SubtitleSlot({ label, name, testId, onChoose }: SubtitleSlotProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button small icon={FileUp} aria-label={name} onClick={() => input.current?.click()} className="max-w-full">
        <span className="truncate">{label}</span>
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        accept={SUBTITLE_FILES}
        data-testid={testId}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) onChoose(file);
          event.target.value = "";
        }}
      />
    </>
  );
}
