package enginetest

import (
	"fmt"
	"strconv"
	"strings"
)

// says writes out what "says NAME" at the end of a packet stands for: a file of the
// scenario, its lines ended by CR LF, as data. A question mark for a Content-Length
// is the length of what is behind the first empty line; variables in there count as
// five digits.
func (sc *scenario) says(packet string) (string, error) {
	head, name, ok := strings.Cut(packet, " says ")
	if !ok || strings.ContainsAny(name, " \"") {
		return packet, nil
	}
	text, ok := sc.file(name)
	if !ok {
		return "", fmt.Errorf("no file %q", name)
	}
	text = strings.ReplaceAll(text, "\n", "\r\n")
	if start, body, ok := strings.Cut(text, "\r\n\r\n"); ok {
		size := len(variable.ReplaceAllString(body, "60000"))
		text = strings.Replace(start, "Length: ?", "Length: "+strconv.Itoa(size), 1) + "\r\n\r\n" + body
	}
	return head + " data " + strconv.Quote(text), nil
}
