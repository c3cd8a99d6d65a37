// Package builtin registers every session helper that comes with the firewall. It
// is imported for that alone.
package builtin

import (
	_ "portcullis/helpers/ftp"
	_ "portcullis/helpers/sip"
	_ "portcullis/helpers/tftp"
)
