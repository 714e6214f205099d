/** nginx asking by auth_request. */
import { describeGateway } from './gateway-contract.ts';

describeGateway({
  name: 'nginx, auth_request',
  binary: 'nginx',
  kind: {
    files: ['nginx/precede.conf'],
    args: (file, dir) => ['-c', file, '-p', dir, '-e', 'stderr', '-g', `daemon off; pid ${dir}/nginx.pid;`],
    // Debian's nginx writes below /var otherwise.
    adapt: (text, dir) => {
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
      const lines = paths.map((each) => `${each}_temp_path ${dir}/${each};`).join(' ');
      return text.replace('http {', `http { access_log off; ${lines}`);
    },
  },
  features: { has5xxDenials: true, hasBodies: false, hasHttpVersion: true, failedStatus: 500 },
});
