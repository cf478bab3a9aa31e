import { Select } from "@/components/ui/fields";
import { useEditor } from "../state/context";

interface SpeakerSelectProps {
  id: string;
  value: string;
  onChoose: (speaker_id: string) => void;
}

export function SpeakerSelect({ onChoose, ...field }: SpeakerSelectProps) {
  const { speakers } = useEditor();
  return (
    <Select {...field} onChange={(event) => onChoose(event.target.value)}>
      {speakers.map(({ speaker_id, name }) => (
        <option key={speaker_id} value={speaker_id}>
          {name}
        </option>
      ))}
    </Select>
  );
}
