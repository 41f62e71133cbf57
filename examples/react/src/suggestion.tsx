import { useReaction } from "@tidemark/sdk/react";
import { useEffect, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { anyBook, pathOf } from "./books.ts";

/**
 * A suggestion for a visitor who hesitates. The collector decides when; its configuration has the message. The element is
 * always there, so that a screen reader announces its content. The focus stays where it is.
 */
export const Suggestion = () => {
  const reaction = useReaction("hesitation");
  const [answered, setAnswered] = useState<string>();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  useEffect(() => reaction?.shown(), [reaction]);

  const showBook = () => {
    reaction?.acted("show_book");
    setAnswered(reaction?.id);
    navigate(pathOf(anyBook(pathname)));
  };

  const { message } = reaction?.payload ?? {};
  return (
    <div id="suggestion" role="status">
      {reaction && reaction.id !== answered && (
        <section aria-label="Suggestion">
          <p>{String(message)}</p>
          <button type="button" onClick={showBook}>
            Show me a book
          </button>
          <button type="button" className="plain" onClick={reaction.dismissed}>
            No, thanks
          </button>
        </section>
      )}
    </div>
  );
};
