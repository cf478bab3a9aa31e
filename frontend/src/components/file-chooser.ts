import type { ComponentType, ReactNode } from "react";

/** Gives its children a function that opens a file chooser. */
export type FileChooser = ComponentType<{ children: (choose: () => void) => ReactNode }>;
