import { useDwell, useTrack } from "@tidemark/sdk/react";
import { useEffect, useRef, useState } from "react";
import { useParams } from "react-router";
import { type Book, bookAt } from "./books.ts";

const FirstPage = ({ book }: { book: Book }) => {
  const track = useTrack();
  const [isPutAside, setPutAside] = useState(false);
  const text = useRef<HTMLElement>(null);
  useDwell(text);
  useEffect(() => {
    document.title = `${book.title} | Three Shelves`;
  }, [book]);

  const putAside = () => {
    track("put_aside", { book: book.id, shelf: book.shelf });
    setPutAside(true);
  };

  return (
    <article>
      <div className={`cover ${book.shelf}`}>
        <strong>{book.title}</strong>
        <span>{book.author}</span>
      </div>
      <section ref={text} data-tm="first-page" className="text">
        <h1>{book.title}</h1>
        {book.text.map((paragraph) => (
          <p key={paragraph}>{paragraph}</p>
        ))}
        <button type="button" disabled={isPutAside} onClick={putAside}>
          {isPutAside ? "It waits at the desk" : "Put aside for me"}
        </button>
      </section>
    </article>
  );
};

/** The page of the book in the URL: its first page as a text. */
export const BookPage = () => {
  const { shelf, id } = useParams();
  const book = bookAt(`/${shelf}/${id}`);
  return book ? <FirstPage key={book.id} book={book} /> : <h1>We do not have this book.</h1>;
};
