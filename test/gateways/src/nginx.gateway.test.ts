/** nginx asking by auth_request. */
import { describeGateway } from './gateway-contract.ts';

describeGateway({
  name: 'nginx, auth_request',
  binary: 'nginx',
  kind: {
    files: ['nginx/precede.conf'],
    args: (file, dir) => ['-c', file, '-p', dir, '-e', 'stderr', '-g', `daemon off; pid ${dir}/nginx.pid;`],
    // Debian's nginx writes below /var otherwise, and as another user than the one that made the directory.
    adapt: (text, dir) => {
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
      const lines = paths.map((each) => `${each}_temp_path ${dir}/${each};`).join(' ');
      const started = process.getuid?.() === 0 ? `user root;\n${text}` : text;
      return started.replace('http {', `http { access_log off; ${lines}`);
    },
  },
  features: {
    has5xxDenials: true,
    hasBodies: false,
    hasHttpVersion: true,
    joinsHeaders: false,
    failed: { undecided: 500, slow: 500, dead: 500 },
  },
});
