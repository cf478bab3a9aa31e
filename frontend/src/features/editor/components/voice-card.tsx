import { AudioLines, CircleAlert, LoaderCircle, TriangleAlert, Volume2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { cn } from "@/components/ui/cn";
import type { Card } from "@/core/voices";
import type { Heard } from "../state/use-audition";

const ICONS = { waiting: LoaderCircle, playing: Volume2, failed: CircleAlert } as const;

interface VoiceCardProps {
  card: Card;
  chosen: boolean;
  heard: Heard | null;
  onHear: () => void;
}

/** One voice: choosing it, by click or arrow keys, lets it be heard; so does a click on the one that is chosen. */
export function VoiceCard({ card, chosen, heard, onHear }: VoiceCardProps) {
  const { t } = useTranslation();
  const Icon = heard ? ICONS[heard] : AudioLines;
  const facts = [
    card.pitch && t(`voices.pitch.${card.pitch}`),
    card.group === "stock" ? card.engine : t(`voices.group.${card.group}`),
  ].filter(Boolean);
  return (
    <label
      data-voice={card.voice?.id ?? "own"}
      data-heard={heard ?? undefined}
      className={cn(
        "border-line hover:bg-sunken has-focus-visible:outline-accent flex min-h-14 cursor-pointer items-center gap-2.5 rounded-lg border px-3 py-2 has-focus-visible:outline-2",
        chosen && "border-accent bg-accent-soft",
      )}
    >
      <input
        type="radio"
        name="voice"
        className="sr-only"
        checked={chosen}
        onChange={onHear}
        onClick={() => chosen && onHear()}
      />
      <Icon
        aria-hidden
        size={18}
        className={cn("text-soft shrink-0", heard === "waiting" && "animate-spin", heard === "failed" && "text-bad")}
      />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{card.name}</span>
        <span className="text-soft block truncate text-xs">
          {heard === "failed" ? t("voices.failed") : facts.join(" · ")}
        </span>
        {card.unclear && (
          <span className="text-warn flex items-center gap-1 text-xs" data-testid="unclear">
            <TriangleAlert aria-hidden size={12} className="shrink-0" />
            {t("voices.unclear")}
          </span>
        )}
      </span>
    </label>
  );
}
