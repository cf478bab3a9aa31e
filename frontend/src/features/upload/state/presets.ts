import type { TaskConfig } from "@/api/generated";

/** A set of options under a name; those a person saved live in this browser. */
export interface Preset {
  name: string;
  config: TaskConfig;
}

const KEY = "localclip.presets";
const LAST = "localclip.last_plan";

function read<T>(key: string, fallback: T): T {
  try {
    return (JSON.parse(localStorage.getItem(key) ?? "null") as T | null) ?? fallback;
  } catch {
    return fallback;
  }
}

export const presets = (): Preset[] => read<Preset[]>(KEY, []);

export function savePreset(preset: Preset): Preset[] {
  const all = [...presets().filter(({ name }) => name !== preset.name), preset];
  localStorage.setItem(KEY, JSON.stringify(all));
  return all;
}

export function removePreset(name: string): Preset[] {
  const all = presets().filter((preset) => preset.name !== name);
  localStorage.setItem(KEY, JSON.stringify(all));
  return all;
}

/** What was chosen last time is offered first. */
export const lastConfig = (): TaskConfig | null => read<TaskConfig | null>(LAST, null);
export const keepLastConfig = (config: TaskConfig): void => localStorage.setItem(LAST, JSON.stringify(config));
