//! Small charts, drawn as SVG by the server.
