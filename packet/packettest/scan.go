package packettest

import (
	"fmt"
	"strings"
)

// scan cuts a line into words. A quoted string and a line in braces are one word
// each, with their marks.
func scan(text string) ([]string, error) {
	var words []string
	for text = strings.TrimLeft(text, " \t"); text != ""; text = strings.TrimLeft(text, " \t") {
		n := 0
		switch text[0] {
		case '"':
			n = quoted(text)
		case '{':
			n = braced(text)
		default:
			if n = strings.IndexAny(text, " \t"); n < 0 {
				n = len(text)
			}
		}
		if n == 0 {
			return nil, fmt.Errorf("%s: expected its closing mark", text)
		}
		words = append(words, text[:n])
		text = text[n:]
	}
	return words, nil
}

// quoted is the length of the string that text begins with, 0 where it does not
// end.
func quoted(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// braced is the length of the braces that text begins with, 0 where they do not
// end.
func braced(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			n := quoted(text[i:])
			if n == 0 {
				return 0
			}
			i += n - 1
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}
