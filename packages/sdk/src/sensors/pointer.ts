import { oneOf, whole } from "../measures/bounds.ts";

const POINTER_TYPES = ["", "mouse", "pen", "touch"] as const;

/** A coordinate in whole pixels. An event that a script creates without coordinates is at 0. */
export const pixel = (value: number | undefined): number => whole(value, -1e9);

/** The position of an event in the viewport and the type of its pointer, "" for a type that the contract does not have. */
export const pointerOf = ({ clientX, clientY, pointerType }: PointerEvent) => ({
  x: pixel(clientX),
  y: pixel(clientY),
  pointer_type: oneOf(POINTER_TYPES, pointerType),
});
