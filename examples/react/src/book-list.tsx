import { Link } from "react-router";
import { type Book, pathOf } from "./books.ts";

/** A list of books, each a link to its page. */
export const BookList = ({ books }: { books: readonly Book[] }) => (
  <ul className="books">
    {books.map((book) => (
      <li key={pathOf(book)}>
        <Link className={`cover ${book.shelf}`} to={pathOf(book)} data-tm={`open-${book.id}`}>
          <strong>{book.title}</strong>
          <span>{book.author}</span>
        </Link>
      </li>
    ))}
  </ul>
);
