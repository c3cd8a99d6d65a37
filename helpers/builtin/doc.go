// Package builtin registers every session helper that comes with the firewall. It
// is imported for that alone.
package builtin

import (
	_ "portcullis/helpers/amanda"
	_ "portcullis/helpers/dns"
	_ "portcullis/helpers/ftp"
	_ "portcullis/helpers/irc"
	_ "portcullis/helpers/mms"
	_ "portcullis/helpers/pmap"
	_ "portcullis/helpers/pptp"
	_ "portcullis/helpers/rsh"
	_ "portcullis/helpers/rtsp"
	_ "portcullis/helpers/sane"
	_ "portcullis/helpers/sip"
	_ "portcullis/helpers/talk"
	_ "portcullis/helpers/tftp"
	_ "portcullis/helpers/tns"
)
