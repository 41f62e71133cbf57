import type { CDPSession } from "playwright-core";

/** The input of every visit: how many events of each type reach the page. */
export const INPUT = { pointermove: 2000, click: 200, wheel: 300 };

/** Where the pointer is after so many moves, in CSS pixels: some twenty a move, along a figure that fills the window. */
const place = (move: number) => ({
  x: Math.round(640 + 560 * Math.sin(move * 0.031)),
  y: Math.round(400 + 350 * Math.sin(move * 0.047)),
});

/**
 * Plays {@link INPUT} as a device would, in steps of a frame or two: each turns the wheel once (two thirds of the way down,
 * then up again) and moves the pointer six or seven times; two of three click what is there.
 */
export const play = async (session: CDPSession): Promise<void> => {
  let move = 0;
  const send = (type: "mouseWheel" | "mouseMoved" | "mousePressed" | "mouseReleased", more: object = {}) =>
    session.send("Input.dispatchMouseEvent", { type, ...place(move), ...more });

  for (let step = 1; step <= INPUT.wheel; step += 1) {
    const sent = [send("mouseWheel", { deltaX: 0, deltaY: step * 3 <= INPUT.wheel * 2 ? 100 : -100 })];
    while (move < (INPUT.pointermove * step) / INPUT.wheel) {
      move += 1;
      // Chromium merges the moves of a frame unless their modifiers differ: every other one holds Alt.
      sent.push(send("mouseMoved", { modifiers: move % 2 }));
    }
    if (step % 3) {
      const click = { button: "left", clickCount: 1 };
      sent.push(send("mousePressed", click), send("mouseReleased", click));
    }
    await Promise.all(sent);
  }
};
