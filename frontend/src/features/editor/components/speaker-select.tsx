import { Choice } from "@/components/ui/choice";
import { useEditor } from "../state/context";

interface SpeakerSelectProps {
  id: string;
  value: string;
  onChoose: (speaker_id: string) => void;
}

export function SpeakerSelect({ onChoose, ...field }: SpeakerSelectProps) {
  const { speakers } = useEditor();
  return (
    <Choice
      {...field}
      onChange={onChoose}
      options={speakers.map(({ speaker_id, name }) => ({ value: speaker_id, label: name }))}
    />
  );
}
