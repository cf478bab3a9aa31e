import { create } from "zustand";
import type { TaskRead } from "@/api/generated";

interface SelectionState {
  selected: ReadonlyMap<string, TaskRead>;
  toggle: (task: TaskRead) => void;
  set: (tasks: TaskRead[]) => void;
}

/** Which tasks are ticked; they are kept as they were then, and looked up again when used. */
export const useSelection = create<SelectionState>((set, get) => ({
  selected: new Map(),
  toggle: (task) => {
    const next = new Map(get().selected);
    if (!next.delete(task.task_id)) next.set(task.task_id, task);
    set({ selected: next });
  },
  set: (tasks) => set({ selected: new Map(tasks.map((task) => [task.task_id, task])) }),
}));
