import { Pause, Play, SkipBack, SkipForward } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Select } from "@/components/ui/fields";
import { IconButton } from "@/components/ui/icon-button";
import { Segmented } from "@/components/ui/segmented";
import { clock } from "@/core/format";
import { useEditor } from "../state/context";
import { usePlaying } from "../state/transport";
import { useDubSource } from "../state/use-dub-source";
import { useStep } from "../state/use-step";
import { useHeard, useTime } from "../state/use-time";
import { show, type Subtitles, useView } from "../state/view";

const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2];

export function Player() {
  const { t } = useTranslation();
  const editor = useEditor();
  const { task, transport } = editor;
  const video = useRef<HTMLVideoElement>(null);
  const dub = useRef<HTMLAudioElement>(null);
  const exportUrl = useDubSource(editor);
  useEffect(
    () => (video.current && dub.current ? transport.attach(video.current, dub.current) : undefined),
    [transport],
  );
  return (
    <section
      aria-label={t("player.title")}
      className="panel shrink-0 overflow-hidden max-lg:sticky max-lg:top-13 max-lg:z-20"
    >
      <div className="bg-video relative aspect-video max-h-[38dvh] w-full lg:max-h-none">
        <video
          ref={video}
          data-testid="video"
          playsInline
          preload="metadata"
          className="size-full"
          src={`/api/tasks/${task.task_id}/artifacts/base/${encodeURIComponent(task.video_filename)}`}
          onClick={() => transport.toggle()}
        />
        <audio ref={dub} data-testid="dub" preload="auto" src={exportUrl ?? undefined} />
        <Caption />
      </div>
      <Controls />
    </section>
  );
}

/** The line that is heard, in the languages asked for. */
function Caption() {
  const { rows } = useEditor();
  const subtitles = useView((state) => state.subtitles);
  const row = rows[useHeard()];
  if (!row || subtitles === "off") return null;
  const texts = [subtitles !== "target" && row.segment.text, subtitles !== "source" && (row.line?.text ?? "")].filter(
    Boolean,
  );
  return (
    <div
      className="pointer-events-none absolute inset-x-3 bottom-3 grid justify-items-center gap-1 text-center"
      data-testid="caption"
    >
      {texts.map((text) => (
        <span
          key={String(text)}
          className="rounded bg-black/75 px-2 py-0.5 text-sm text-balance text-white sm:text-base"
        >
          {text}
        </span>
      ))}
    </div>
  );
}

function Controls() {
  const { t } = useTranslation();
  const { transport } = useEditor();
  const { playing, voice, rate, fromTakes } = usePlaying();
  const subtitles = useView((state) => state.subtitles);
  const step = useStep();
  return (
    <div className="grid gap-1 px-3 pt-1.5 pb-2">
      <Seek />
      <div className="flex flex-wrap items-center gap-x-1 gap-y-1.5">
        <IconButton small icon={SkipBack} label={t("player.previous")} shortcut="↑" onClick={() => step(-1)} />
        <IconButton
          icon={playing ? Pause : Play}
          label={t(playing ? "player.pause" : "player.play")}
          shortcut="Space"
          onClick={() => transport.toggle()}
          solid
        />
        <IconButton small icon={SkipForward} label={t("player.next")} shortcut="↓" onClick={() => step(1)} />
        <Segmented
          label={t("player.voice")}
          value={voice}
          onChange={(next) => transport.setVoice(next)}
          className="ml-1.5"
          options={[
            { value: "original", label: t("player.original") },
            { value: "dub", label: t(fromTakes ? "player.draft" : "player.dub") },
          ]}
        />
        <div className="ml-auto flex gap-1.5">
          <Select
            aria-label={t("player.subtitles")}
            className="h-7 min-h-7 w-auto py-0 text-xs"
            value={subtitles}
            onChange={(event) => show({ subtitles: event.target.value as Subtitles })}
          >
            {(["off", "source", "target", "both"] as const).map((value) => (
              <option key={value} value={value}>
                {t(`player.subtitles_${value}`)}
              </option>
            ))}
          </Select>
          <Select
            aria-label={t("player.rate")}
            className="h-7 min-h-7 w-auto py-0 text-xs tabular-nums"
            value={rate}
            onChange={(event) => transport.setRate(Number(event.target.value))}
          >
            {RATES.map((value) => (
              <option key={value} value={value}>
                {value}×
              </option>
            ))}
          </Select>
        </div>
      </div>
    </div>
  );
}

function Seek() {
  const { t } = useTranslation();
  const { transport, duration } = useEditor();
  const time = useTime();
  return (
    <div className="flex items-center gap-2.5">
      <input
        type="range"
        aria-label={t("player.position")}
        aria-valuetext={clock(time)}
        className="accent-accent h-4 min-w-0 flex-1"
        min={0}
        max={duration || 1}
        step={0.01}
        value={Math.min(time, duration || 1)}
        onChange={(event) => transport.seek(Number(event.target.value))}
      />
      <span className="text-soft text-xs tabular-nums" data-testid="clock">
        {clock(time, 1)} / {clock(duration, 1)}
      </span>
    </div>
  );
}
