// Standard JSON on stdin, standard JSON on stdout. argv[2] is a soljson.js (Solidity 0.6 and later). With --version behind
// it says its version as the native compiler does, for tools that look for one.
'use strict'
const compiler = require(require('path').resolve(process.argv[2]))
const finish = text => process.stdout.write(text, () => process.exit(0))
if (process.argv.includes('--version')) {
  const version = compiler.cwrap('solidity_version', 'string', [])().replace('Emscripten.clang', 'Linux.g++')
  finish(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`)
} else {
  const compile = compiler.cwrap('solidity_compile', 'string', ['string', 'number', 'number'])
  finish(compile(require('fs').readFileSync(0, 'utf8'), 0, 0))
}
