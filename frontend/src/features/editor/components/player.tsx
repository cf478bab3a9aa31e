import {
  ChevronLeft,
  ChevronRight,
  Maximize,
  Pause,
  PictureInPicture2,
  Play,
  SkipBack,
  SkipForward,
} from "lucide-react";
import { type RefObject, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigate } from "react-router";
import { Choice } from "@/components/ui/choice";
import { IconButton } from "@/components/ui/icon-button";
import { later } from "@/components/ui/later";
import { Segmented } from "@/components/ui/segmented";
import { clock } from "@/core/format";
import { useEditor } from "../state/context";
import { usePlaying } from "../state/transport";
import { useDubSource } from "../state/use-dub-source";
import { useStep } from "../state/use-step";
import { useHeard, useTime } from "../state/use-time";
import { show, type Subtitles, useView } from "../state/view";

const PictureBoxes = later<{ video: RefObject<HTMLVideoElement | null> }>(() => import("./picture-boxes"));
const PictureTools = later(() => import("./picture-tools"));
const SUBTITLES = ["off", "source", "target", "both"] as const satisfies Subtitles[];
const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2];

/** Picture and controls, as large as the place they are given. */
export function Player() {
  const editor = useEditor();
  const { task, transport } = editor;
  const video = useRef<HTMLVideoElement>(null);
  const dub = useRef<HTMLAudioElement>(null);
  const exportUrl = useDubSource(editor);
  const boxes = useView((state) => state.boxes);
  useEffect(
    () => (video.current && dub.current ? transport.attach(video.current, dub.current) : undefined),
    [transport],
  );
  usePlayed(exportUrl);
  return (
    <>
      <div
        data-testid="picture"
        className="bg-video relative aspect-video max-h-[30dvh] w-full lg:aspect-auto lg:max-h-none lg:min-h-0 lg:flex-1"
      >
        <video
          ref={video}
          data-testid="video"
          playsInline
          preload="metadata"
          className="absolute inset-0 size-full"
          src={`/api/tasks/${task.task_id}/artifacts/base/${encodeURIComponent(task.video_filename)}`}
          onClick={() => boxes || transport.toggle()} // beside a box that is dragged nothing begins to play
        />
        <audio ref={dub} data-testid="dub" preload="auto" src={exportUrl ?? undefined} />
        {boxes ? <PictureBoxes video={video} /> : <Caption />}
      </div>
      <Controls video={video} />
      {boxes && <PictureTools />}
    </>
  );
}

/** Whoever came by "play" hears the dub as soon as it is there; once. */
function usePlayed(exportUrl: string | null): void {
  const { transport } = useEditor();
  const { state, search } = useLocation() as { state: { play?: boolean } | null; search: string };
  const navigate = useNavigate();
  const fromTakes = usePlaying((one) => one.fromTakes);
  const wanted = state?.play === true && (exportUrl !== null || fromTakes);
  useEffect(() => {
    if (!wanted) return;
    transport.setVoice("dub");
    transport.play();
    void navigate({ search }, { replace: true, state: null });
  }, [wanted, transport, navigate, search]);
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

function Controls({ video }: { video: RefObject<HTMLVideoElement | null> }) {
  const { t } = useTranslation();
  const { transport } = useEditor();
  const { playing, voice, rate, fromTakes } = usePlaying();
  const subtitles = useView((state) => state.subtitles);
  const step = useStep();
  return (
    <div className="grid shrink-0 gap-1 px-3 pt-1.5 pb-2 touch:gap-0 touch:pt-0">
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
        <Choice
          small
          aria-label={t("player.rate")}
          className="ml-1 w-18 tabular-nums"
          value={rate}
          onChange={(next) => transport.setRate(next)}
          options={RATES.map((value) => ({ value, label: `${value}×` }))}
        />
        <div className="ml-auto flex flex-wrap items-center justify-end gap-1">
          <Screen video={video} />
          <Choice
            small
            aria-label={t("player.subtitles")}
            className="w-32"
            value={subtitles}
            onChange={(next) => show({ subtitles: next })}
            options={SUBTITLES.map((one) => ({ value: one, label: t(`player.subtitles_${one}`) }))}
          />
        </div>
      </div>
    </div>
  );
}

/** Frame by frame, volume, a window of its own, the whole screen. */
function Screen({ video }: { video: RefObject<HTMLVideoElement | null> }) {
  const { t } = useTranslation();
  const { task, transport } = useEditor();
  const volume = usePlaying((state) => state.volume);
  const frame = 1 / (task.media?.fps ?? 25);
  const step = (by: number) => {
    transport.pause();
    transport.seek(transport.time + by * frame);
  };
  const ask = (act: (element: HTMLVideoElement) => Promise<unknown>) =>
    video.current && void act(video.current).catch(() => undefined); // the browser may refuse: nothing is lost
  return (
    <>
      <span className="flex max-sm:hidden">
        <IconButton small icon={ChevronLeft} label={t("player.frame_back")} shortcut="," onClick={() => step(-1)} />
        <IconButton small icon={ChevronRight} label={t("player.frame_on")} shortcut="." onClick={() => step(1)} />
      </span>
      <input
        type="range"
        aria-label={t("player.volume")}
        className="accent-accent h-4 w-14 max-sm:hidden"
        min={0}
        max={1}
        step={0.05}
        value={volume}
        onChange={(event) => transport.setVolume(Number(event.target.value))}
      />
      {"requestPictureInPicture" in HTMLVideoElement.prototype && (
        <IconButton
          small
          icon={PictureInPicture2}
          label={t("player.picture_in_picture")}
          onClick={() => ask((element) => element.requestPictureInPicture())}
          className="max-sm:hidden"
        />
      )}
      <IconButton
        small
        icon={Maximize}
        label={t("player.full_screen")}
        onClick={() => ask((element) => (element.parentElement ?? element).requestFullscreen())}
      />
    </>
  );
}

function Seek() {
  const { t } = useTranslation();
  const { transport, duration } = useEditor();
  const time = useTime(4);
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
      <Clock />
    </div>
  );
}

function Clock() {
  const { duration } = useEditor();
  return (
    <span className="text-soft text-xs tabular-nums contain-content" data-testid="clock">
      {clock(useTime(), 1)} / {clock(duration, 1)}
    </span>
  );
}
