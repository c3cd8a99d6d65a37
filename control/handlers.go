package control

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// writeSize is how much of a list is gathered for one write.
const writeSize = 128 << 10

// walker reads a request's query. Where it makes no sense it answers so, and
// returns nil.
func (s *Server) walker(w http.ResponseWriter, r *http.Request) *walker {
	q, err := s.query(r)
	if err != nil {
		refuse(w, err)
		return nil
	}
	return &walker{source: s.source, names: s.names, query: q, pause: r.Context().Err}
}

func (s *Server) query(r *http.Request) (q Query, err error) {
	switch f := r.FormValue("family"); f {
	case "", "4", "6":
		n, _ := strconv.Atoi(f)
		q.Family = Family(n)
	default:
		return q, fmt.Errorf("family %q: expected 4 or 6", f)
	}
	if q.Filter, err = ParseFilter(strings.Fields(r.FormValue("filter"))); err != nil {
		return q, err
	}
	return q, q.Filter.check(s.names)
}

// problem is the answer to a request that makes no sense.
type problem struct {
	Error string `json:"error"`
}

func refuse(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	json.NewEncoder(w).Encode(problem{err.Error()}) // the client may be gone: nobody to tell
}

// answer sends v, or breaks off where there is none.
func answer[T any](w http.ResponseWriter, v T, err error) {
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

// list is how a walk is answered that finds many things: fields are those that a
// filter may ask for, none for all; writer makes what writes them.
type list[T any] struct {
	walk   func(*walker, func(*T)) error
	writer func(form string, out *bufio.Writer) (write func(*T) error, end func(n int) string, err error)
	fields []string
}

// of answers with what the walk finds.
func (l list[T]) of(s *Server) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		wk := s.walker(w, r)
		if wk == nil {
			return
		}
		if err := wk.query.Filter.only(l.fields); err != nil {
			refuse(w, err)
			return
		}
		out := bufio.NewWriterSize(w, writeSize)
		write, end, err := l.writer(r.FormValue("as"), out)
		if err != nil {
			refuse(w, err)
			return
		}
		if w.Header().Set("Content-Type", "text/plain; charset=utf-8"); r.FormValue("as") == "" {
			w.Header().Set("Content-Type", "application/x-ndjson")
		}
		var failed error
		wk.pause = func() error {
			if err := r.Context().Err(); err != nil {
				return err
			}
			return failed
		}
		n := 0
		err = l.walk(wk, func(e *T) {
			n++
			if failed == nil {
				failed = write(e)
			}
		})
		if err == nil {
			_, err = out.WriteString(end(n))
		}
		if err == nil {
			err = out.Flush()
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// writerOf returns how a session is written in that form, and what stands behind
// the last of n.
func writerOf(form string, out *bufio.Writer) (write func(*Session) error, end func(n int) string, err error) {
	switch form {
	case "", "block":
		return blockOf("session", func(s *Session, b []byte) []byte { return append(s.AppendBlock(b), '\n') })(form, out)
	case "short":
		var buf []byte
		_, err = out.WriteString(shortHead)
		write = func(s *Session) error {
			buf = s.AppendShort(buf[:0])
			_, err := out.Write(buf)
			return err
		}
		return write, func(int) string { return "" }, err
	}
	return nil, nil, fmt.Errorf("as %q: expected block or short", form)
}

// blockOf makes the writers of a list that has no table: JSON, and the text that
// add appends, with the number of nouns behind the last.
func blockOf[T any](noun string, add func(*T, []byte) []byte) func(string, *bufio.Writer) (func(*T) error, func(int) string, error) {
	return func(form string, out *bufio.Writer) (write func(*T) error, end func(n int) string, err error) {
		switch form {
		case "":
			enc := json.NewEncoder(out)
			return func(x *T) error { return enc.Encode(x) }, func(int) string { return "" }, nil
		case "block":
			var buf []byte
			write = func(x *T) error {
				buf = add(x, buf[:0])
				_, err := out.Write(buf)
				return err
			}
			return write, func(n int) string { return fmt.Sprintf("total %s: %d\n", noun, n) }, nil
		}
		return nil, nil, fmt.Errorf("as %q: expected block", form)
	}
}

func (s *Server) clear(w http.ResponseWriter, r *http.Request) {
	if wk := s.walker(w, r); wk != nil {
		c, err := wk.clear()
		answer(w, c, err)
	}
}

func (s *Server) stats(w http.ResponseWriter, r *http.Request) {
	if wk := s.walker(w, r); wk != nil {
		st, err := wk.stats(s.setups.read())
		answer(w, st, err)
	}
}

// topMost bounds how many rows may be asked for.
const topMost = 10000

func (s *Server) top(w http.ResponseWriter, r *http.Request) {
	wk := s.walker(w, r)
	if wk == nil {
		return
	}
	by, count := r.FormValue("by"), r.FormValue("count")
	n, err := strconv.Atoi(count)
	switch {
	case !slices.Contains(TopKeys, by):
		refuse(w, fmt.Errorf("top by %q: expected one of %s", by, strings.Join(TopKeys, ", ")))
		return
	case err != nil || n < 1 || n > topMost:
		refuse(w, fmt.Errorf("top %q: expected a number from 1 to %d", count, topMost))
		return
	}
	t, err := wk.top(by, n)
	answer(w, t, err)
}

func (s *Server) interfaces(w http.ResponseWriter, _ *http.Request) {
	all := []Interface{}
	for i, name := range s.names.Interfaces() {
		all = append(all, Interface{Index: i + 1, Name: name})
	}
	answer(w, all, nil)
}
