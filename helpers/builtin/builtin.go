// Package builtin links all session helpers into a program that imports it for
// its side effect.
package builtin

import (
	_ "portcullis/helpers/ftp"
)
