import { Plus, Users } from "lucide-react";
import { useTranslation } from "react-i18next";
import { editing } from "@/api/editing";
import { Button } from "@/components/ui/button";
import { Empty } from "@/components/ui/states";
import { useEditor } from "../state/context";
import { useEdits } from "../state/use-edits";
import { SpeakerCard } from "./speaker-card";

/** Who speaks, under which name and in whose voice. */
export function SpeakerProperties() {
  const { t } = useTranslation();
  const { task, language, speakers } = useEditor();
  const { edit } = useEdits(task.task_id, language);
  if (speakers.length === 0) return <Empty icon={Users} title={t("speaker.none")} />;
  const add = () =>
    void edit(() => editing.addSpeaker(task.task_id, t("speaker.new_name", { number: speakers.length + 1 })));
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      {speakers.map((speaker) => (
        <SpeakerCard key={speaker.speaker_id} speaker={speaker} />
      ))}
      <Button look="quiet" icon={Plus} className="justify-self-start" onClick={add}>
        {t("speaker.add")}
      </Button>
    </div>
  );
}
