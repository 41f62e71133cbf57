import type { CDPSession } from "playwright-core";

/** The input of every run: the number of events of each type that reach the page. */
export const INPUT = { pointermove: 2000, click: 200, wheel: 300 };

/**
 * Position of the pointer after that many moves, in CSS pixels: about twenty a move, on a curve that fills the window.
 */
const positionAfter = (move: number) => ({
  x: Math.round(640 + 560 * Math.sin(move * 0.031)),
  y: Math.round(400 + 350 * Math.sin(move * 0.047)),
});

/**
 * Dispatches {@link INPUT} like a device, in steps of one or two frames. Each step turns the wheel once and moves the
 * pointer six or seven times; two of three steps click. The wheel turns down in the first two thirds of the steps, then
 * up.
 */
export const dispatchInput = async (session: CDPSession): Promise<void> => {
  let move = 0;
  const send = (type: "mouseWheel" | "mouseMoved" | "mousePressed" | "mouseReleased", more: object = {}) =>
    session.send("Input.dispatchMouseEvent", { type, ...positionAfter(move), ...more });

  for (let step = 1; step <= INPUT.wheel; step += 1) {
    const commands = [send("mouseWheel", { deltaX: 0, deltaY: step * 3 <= INPUT.wheel * 2 ? 100 : -100 })];
    while (move < (INPUT.pointermove * step) / INPUT.wheel) {
      move += 1;
      // Chromium merges the moves of a frame unless their modifiers differ, so every other move has Alt.
      commands.push(send("mouseMoved", { modifiers: move % 2 }));
    }
    if (step % 3) {
      const click = { button: "left", clickCount: 1 };
      commands.push(send("mousePressed", click), send("mouseReleased", click));
    }
    await Promise.all(commands);
  }
};
